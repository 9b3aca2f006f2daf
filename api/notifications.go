package api

func (s *Server) notificationRoutes() []declared { return nil }
